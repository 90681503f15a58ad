package io.weir.agent.config;

import java.util.Map;

/**
 * One document as it was written, before it is checked.
 *
 * @param tree   maps, lists, strings, numbers and booleans
 * @param origin where it was written
 */
public record ConfigDocument(Map<String, Object> tree, Origin origin) {}
