package io.weir.tools.demo;

import io.weir.tools.command.Json;
import java.io.Console;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;

/** Prints each promise as soon as it was tried: green or red, in words or as JSON. */
final class PromisePrinter {
    private static final String GREEN = "\u001B[32m";
    private static final String RED = "\u001B[31m";
    private static final String PLAIN = "\u001B[0m";
    private static final int NAME_WIDTH = 62;

    private final PrintWriter out;
    private final boolean isJson;
    private final boolean isColoured;
    private final List<Promise> all = new ArrayList<>();

    PromisePrinter(PrintWriter out, boolean isJson) {
        this.out = out;
        this.isJson = isJson;
        isColoured = !isJson && isTerminal();
    }

    /** With JDK 22 and later there is a console without a terminal, too. */
    @SuppressWarnings("SystemConsoleNull") // null where the console's module is missing
    private static boolean isTerminal() {
        final Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** A line of explanation; left out of JSON. */
    void say(String text) {
        if (!isJson) {
            out.println(text);
            out.flush();
        }
    }

    /** Tries a promise; what is thrown breaks it. */
    void promise(String name, Callable<String> attempt) throws InterruptedException {
        Promise tried;
        try {
            tried = new Promise(name, true, attempt.call());
        } catch (final InterruptedException e) {
            throw e;
        } catch (final Exception e) {
            final String reason = String.valueOf(e.getMessage()).strip();
            tried = new Promise(name, false, reason.replace('\n', ' '));
        }
        all.add(tried);
        print(tried);
    }

    private void print(Promise promise) {
        if (isJson) {
            final Map<String, Object> line = new LinkedHashMap<>();
            line.put("promise", promise.name());
            line.put("kept", promise.isKept());
            line.put("measured", promise.measured());
            out.println(Json.line(line));
        } else {
            final String mark = promise.isKept() ? "kept  " : "BROKEN";
            out.println((isColoured ? (promise.isKept() ? GREEN : RED) + mark + PLAIN : mark)
                    + String.format(Locale.ROOT, " %-" + NAME_WIDTH + "s ", promise.name())
                    + promise.measured());
        }
        out.flush();
    }

    boolean isAllKept() {
        return all.stream().allMatch(Promise::isKept);
    }

    /** How it went altogether. */
    void summary(double seconds) {
        final long kept = all.stream().filter(Promise::isKept).count();
        if (isJson) {
            final Map<String, Object> line = new LinkedHashMap<>();
            line.put("promises", all.size());
            line.put("kept", kept);
            line.put("seconds", Math.round(seconds * 10) / 10.0);
            out.println(Json.line(line));
        } else {
            out.println(String.format(Locale.ROOT, "%d of %d promises kept in %.0f s", kept, all.size(), seconds));
        }
        out.flush();
    }
}
