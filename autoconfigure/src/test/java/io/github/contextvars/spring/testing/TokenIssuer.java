package io.github.contextvars.spring.testing;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;

/**
 * Issuer of JWTs that a resource server trusts by the key in {@link #property()}.
 */
public final class TokenIssuer {

	private static final KeyPair KEYS = keys();

	private TokenIssuer() {
	}

	/**
	 * Return the property of Spring Boot that makes an application trust the tokens.
	 * @return the name and the value
	 */
	public static String property() {
		String pem = "-----BEGIN PUBLIC KEY-----\n"
				+ Base64.getMimeEncoder().encodeToString(KEYS.getPublic().getEncoded())
				+ "\n-----END PUBLIC KEY-----\n";
		return "spring.security.oauth2.resourceserver.jwt.public-key-location=base64:"
				+ Base64.getEncoder().encodeToString(pem.getBytes());
	}

	/**
	 * Issue a token.
	 * @param user its subject
	 * @param tenant its claim {@code tenant_id}, or {@code null} for none
	 * @param scopes its scopes
	 * @return the value of the header {@code Authorization}
	 */
	public static String bearer(String user, String tenant, String... scopes) {
		SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.RS256),
				new JWTClaimsSet.Builder().subject(user)
					.claim("tenant_id", tenant)
					.claim("scope", String.join(" ", scopes))
					.build());
		try {
			token.sign(new RSASSASigner(KEYS.getPrivate()));
		}
		catch (JOSEException ex) {
			throw new IllegalStateException(ex);
		}
		return "Bearer " + token.serialize();
	}

	private static KeyPair keys() {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
			generator.initialize(2048);
			return generator.generateKeyPair();
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
