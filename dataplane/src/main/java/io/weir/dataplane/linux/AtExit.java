package io.weir.dataplane.linux;

/**
 * Something that the end of the virtual machine must not leave behind, whatever ends it: Ctrl-C and SIGTERM too, only not a kill.
 * An owner that does the work itself says so by {@link #cancel}.
 */
public final class AtExit {
    private final Thread hook;

    /**
     * From now on the action runs when the virtual machine ends, beside other such actions.
     *
     * @param name   for people who look at threads
     * @param action finds nothing to do when its owner has done it already
     */
    public AtExit(String name, Runnable action) {
        hook = new Thread(action, name);
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Forgets the action, because it is done; false when the virtual machine is ending and runs it anyway. */
    public boolean cancel() {
        try {
            return Runtime.getRuntime().removeShutdownHook(hook);
        } catch (final IllegalStateException e) {
            return false;
        }
    }
}
