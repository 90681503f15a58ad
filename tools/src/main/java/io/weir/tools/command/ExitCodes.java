package io.weir.tools.command;

/** What a command's exit code says. */
public final class ExitCodes {
    /** Done. */
    public static final int DONE = 0;

    /** The work failed. */
    public static final int FAILED = 1;

    /** The command line or the configuration is wrong; nothing was done. */
    public static final int BAD_INPUT = 2;

    private ExitCodes() {}
}
