package io.weir.agent.api;

/** A request that can't be answered; the message is a sentence for the person who asked. */
public final class ApiException extends Exception {
    private static final long serialVersionUID = 1L;

    public ApiException(String message) {
        super(message);
    }
}
