package io.weir.bench.profile;

/** What a packet's time is spent on. */
public enum Phase {
    RX("rx", "copying packets into receive slots"),
    PARSE("parse", "shape of the packet, tunnel taken off, key and hash"),
    LOOKUP("lookup", "the flow's entry: loading it, comparing the key"),
    CHECK("check", "is the entry in force, does the packet fit, connection kept alive"),
    REWRITE("rewrite", "TTL, addresses, ports, checksums, header in front"),
    TX("tx", "queueing, counting, the sink, slots given back"),
    PIPELINE("pipeline", "packets that the flow cache did not know"),
    LOOP("loop", "the worker's turn around a burst, and what is none of the above");

    private final String label;
    private final String sentence;

    Phase(String label, String sentence) {
        this.label = label;
        this.sentence = sentence;
    }

    public String label() {
        return label;
    }

    public String sentence() {
        return sentence;
    }

    /**
     * To which phase a method's time belongs; the innermost method that belongs to one counts, so that what it calls
     * (memory access, checksum arithmetic) is its own.
     *
     * @return null when the method alone does not tell
     */
    static @org.jspecify.annotations.Nullable Phase of(String className, String method) {
        return switch (className) {
            case "LoopSource" -> RX;
            case "PacketPool" -> method.startsWith("acquire") ? RX : TX;
            case "VxlanTermination", "PlainHeaders" -> PARSE;
            case "FlowTags", "ConnectionTouch" -> LOOKUP;
            case "FlowCache" -> method.startsWith("hash") ? PARSE : method.equals("sweep") ? LOOP : LOOKUP;
            case "FastPath" -> ofFastPath(method);
            case "Rewriter", "Encapsulation" -> REWRITE;
            case "Transmitter", "NullPort" -> TX;
            case "SlowPath", "Pipeline", "PacketParser" -> PIPELINE;
            case "ConnectionTable" -> CHECK;
            case "Worker" -> LOOP;
            default -> null;
        };
    }

    private static Phase ofFastPath(String method) {
        if (method.startsWith("parse") || method.equals("isPlainTransport")) {
            return PARSE;
        }
        if (method.startsWith("touch") || method.startsWith("find")) {
            return LOOKUP;
        }
        return CHECK;
    }
}
