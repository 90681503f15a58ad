package io.weir.tools.demo;

/**
 * One thing that weir promises, tried.
 *
 * @param name     the promise as a sentence
 * @param isKept   whether it held
 * @param measured the figure, or what went wrong
 */
public record Promise(String name, boolean isKept, String measured) {}
