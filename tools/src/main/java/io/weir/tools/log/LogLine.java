package io.weir.tools.log;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** Writes the lines. All of the log goes through here, one line at a time. */
public final class LogLine {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneId.systemDefault());

    private static volatile LogFormat format = LogFormat.HUMAN;
    private static volatile Level least = Level.INFO;

    private LogLine() {}

    /** How it is written from now on, and from which level on weir's own lines are. */
    public static void configure(LogFormat newFormat, Level newLeast) {
        format = newFormat;
        least = newLeast;
    }

    /** Other people's code tells of what it retries as if it were a fault; what matters of it weir says itself. */
    static boolean isWanted(String logger, Level level) {
        if (logger.startsWith("io.weir.")) {
            return level.toInt() >= least.toInt();
        }
        return level == Level.ERROR && !logger.startsWith("io.fabric8.kubernetes.client.informers");
    }

    static void write(
            PrintStream out, Instant now, Level level, String logger, String message, @Nullable Throwable error) {
        final String name = logger.substring(logger.lastIndexOf('.') + 1);
        final StringBuilder line = new StringBuilder(128 + message.length());
        if (format == LogFormat.JSON) {
            line.append("{\"time\":\"").append(now).append("\",\"level\":\"");
            line.append(level.name().toLowerCase(Locale.ROOT)).append("\",\"logger\":");
            quoted(line, logger);
            line.append(",\"message\":");
            quoted(line, message);
            if (error != null) {
                line.append(",\"error\":");
                quoted(line, stackOf(error));
            }
            line.append('}');
        } else {
            line.append(TIME.format(now)).append(' ').append(level.name());
            line.append(" ".repeat(6 - level.name().length()))
                    .append(name)
                    .append("  ")
                    .append(message);
            if (error != null) {
                line.append('\n').append(stackOf(error).stripTrailing());
            }
        }
        out.println(line); // one call, so that lines of two threads don't mix
    }

    private static String stackOf(Throwable error) {
        final StringWriter text = new StringWriter();
        error.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }

    private static void quoted(StringBuilder line, String text) {
        line.append('"');
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            switch (c) {
                case '"' -> line.append("\\\"");
                case '\\' -> line.append("\\\\");
                case '\n' -> line.append("\\n");
                default -> {
                    if (c < ' ') {
                        line.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        line.append(c);
                    }
                }
            }
        }
        line.append('"');
    }
}
