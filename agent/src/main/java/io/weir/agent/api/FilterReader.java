package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.observe.PacketFilter;

/** Reads the filter of a question: {@code [[code, jumpTrue, jumpFalse, k], ...]}, as {@code tcpdump -ddd} prints it. */
final class FilterReader {
    private static final PacketFilter EVERYTHING = PacketFilter.of(PacketFilter.instruction(6, 0, 0, 1));

    private FilterReader() {}

    /**
     * A filter with a scratch memory of its own; without one in the question, every packet is wanted.
     *
     * @throws IllegalArgumentException when the program is not valid
     */
    static PacketFilter of(JsonNode question) {
        final JsonNode filter = question.path("filter");
        if (!filter.isArray() || filter.isEmpty()) {
            return EVERYTHING;
        }
        final long[] program = new long[filter.size()];
        for (int i = 0; i < program.length; i++) {
            final JsonNode at = filter.get(i);
            program[i] = PacketFilter.instruction(
                    at.path(0).asInt() & 0xFFFF,
                    at.path(1).asInt() & 0xFF,
                    at.path(2).asInt() & 0xFF,
                    (int) at.path(3).asLong());
        }
        return PacketFilter.of(program);
    }
}
