/**
 * Integration of Spring for GraphQL.
 */
@NullMarked
package io.github.contextvars.spring.graphql;

import org.jspecify.annotations.NullMarked;
