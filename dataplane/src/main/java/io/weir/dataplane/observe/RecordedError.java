package io.weir.dataplane.observe;

/**
 * An error that happened in a running weir, however often.
 *
 * @param count   how often
 * @param firstMs first time, ms since 1970
 * @param lastMs  last time, ms since 1970
 * @param text    message and stack trace
 */
public record RecordedError(int count, long firstMs, long lastMs, String text) {}
