package io.weir.bench.report;

/**
 * Something that was not measured.
 *
 * @param scenario lower-kebab
 * @param subject  who would have done the work
 * @param reason   why not, in one sentence without a full stop
 */
public record Skipped(String scenario, Subject subject, String reason) {}
