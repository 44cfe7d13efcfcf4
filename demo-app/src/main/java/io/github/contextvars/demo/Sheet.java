package io.github.contextvars.demo;

/**
 * Sheet that the printer has printed.
 *
 * @param tenant the tenant that the printer has worked for
 * @param user the user that the printer has worked for
 * @param by how it has come to the printer: {@code print} or {@code mail}
 * @param text the text on it
 * @param thread the name of the printer's thread
 */
record Sheet(String tenant, String user, String by, String text, String thread) {

}
