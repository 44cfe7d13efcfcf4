package io.github.contextvars.demo;

/**
 * Note of a tenant.
 *
 * @param id the identifier, unique among the notes of one tenant
 * @param author the name of the user who wrote the note
 * @param text the text of the note
 */
record Note(long id, String author, String text) {

}
