package io.weir.dataplane.linux;

import java.nio.charset.StandardCharsets;

/** What Linux accepts as the name of a network interface. */
public final class InterfaceName {
    /** IFNAMSIZ, without the zero that ends the name. */
    public static final int MAX_LENGTH_BYTES = 15;

    private InterfaceName() {}

    /**
     * The name itself, if Linux would take it literally.
     *
     * @throws LinuxException that says what is wrong with it
     */
    public static String check(String name) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0) {
            throw LinuxException.invalid("the name of an interface must not be empty");
        }
        if (length > MAX_LENGTH_BYTES) {
            throw LinuxException.invalid("interface name \"" + name + "\" is too long: " + length + " bytes, at most "
                    + MAX_LENGTH_BYTES + " are possible");
        }
        // A percent sign would make Linux choose a number; a colon means an alias to old programs.
        if (name.equals(".")
                || name.equals("..")
                || name.chars().anyMatch(c -> c <= ' ' || c == '/' || c == ':' || c == '%' || c == 0x7F)) {
            throw LinuxException.invalid("interface name \"" + name + "\" has a character that Linux does not allow");
        }
        return name;
    }
}
