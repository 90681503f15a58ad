package io.weir.agent.flannel;

/** Something in flannel's world that keeps this node from joining or staying; the message says what to do about it. */
public final class FlannelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public FlannelException(String message) {
        super(message);
    }

    public FlannelException(String message, Throwable cause) {
        super(message, cause);
    }
}
