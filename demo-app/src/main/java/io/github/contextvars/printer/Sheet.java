package io.github.contextvars.printer;

/**
 * Sheet of paper that was printed.
 *
 * @param tenant the tenant that the printer has worked for
 * @param user the user that the printer has worked for
 * @param by how it has come: {@code print} or {@code mail}
 * @param text the text on it
 * @param thread the name of the thread that has printed it
 */
record Sheet(String tenant, String user, String by, String text, String thread) {

}
