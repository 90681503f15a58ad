package io.weir.tools.log;

/** How the log is written. */
public enum LogFormat {
    /** {@code 12:04:05.123 WARN  ApiSource  cut off from …}. */
    HUMAN,
    /** An object on each line: {@code time}, {@code level}, {@code logger}, {@code message}, and {@code error} if there is one. */
    JSON
}
