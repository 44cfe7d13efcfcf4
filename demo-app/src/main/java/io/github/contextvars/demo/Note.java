package io.github.contextvars.demo;

/**
 * A note.
 *
 * @param id tells it from the tenant's other notes
 * @param author who wrote it
 * @param text what it says
 */
record Note(long id, String author, String text) {

}
