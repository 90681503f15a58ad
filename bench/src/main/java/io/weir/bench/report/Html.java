package io.weir.bench.report;

/** Text inside a page. */
final class Html {
    private Html() {}

    /** With everything escaped that means something to a browser. */
    static String text(String plain) {
        return plain.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
