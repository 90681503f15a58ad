package io.weir.agent.cni;

/**
 * A request that fails, as the CNI specification wants it said (spec 1.1.0, section 5, "Error"): a code, a sentence, and
 * details.
 */
public final class CniException extends Exception {
    private static final long serialVersionUID = 1;

    /** The configuration asks for a version that weir does not speak. */
    static final int INCOMPATIBLE_VERSION = 1;

    /** The configuration has a field that weir can't honour. */
    static final int UNSUPPORTED_FIELD = 2;

    static final int UNKNOWN_CONTAINER = 3;

    /** An environment variable is missing or makes no sense; the sentence names it. */
    static final int INVALID_ENVIRONMENT = 4;

    /** The kernel or a file refused. */
    static final int IO_FAILURE = 5;

    /** The configuration is no JSON. */
    static final int DECODING_FAILURE = 6;

    static final int INVALID_CONFIG = 7;

    /** Something that passes; the runtime tries again. */
    static final int TRY_AGAIN = 11;

    /** STATUS: no ADD would succeed now. */
    static final int UNAVAILABLE = 50;

    /** CHECK found something that is not as ADD left it. */
    static final int CHECK_FAILED = 100;

    /** Somebody else has the host port. */
    static final int HOST_PORT_TAKEN = 101;

    private final int code;
    private final String details;

    CniException(int code, String message, String details) {
        super(message);
        this.code = code;
        this.details = details;
    }

    CniException(int code, String message) {
        this(code, message, "");
    }

    int code() {
        return code;
    }

    String details() {
        return details;
    }
}
