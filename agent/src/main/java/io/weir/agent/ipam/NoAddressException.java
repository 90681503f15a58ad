package io.weir.agent.ipam;

/** An address can't be given out; the message is a sentence for the person who wanted it. */
public final class NoAddressException extends Exception {
    private static final long serialVersionUID = 1;

    NoAddressException(String message) {
        super(message);
    }
}
