package io.weir.tools.log;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/** The logger of one class. */
final class LineLogger extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1;

    LineLogger(String name) {
        this.name = name;
    }

    @Override
    public boolean isTraceEnabled() {
        return LogLine.isWanted(name, Level.TRACE);
    }

    @Override
    public boolean isDebugEnabled() {
        return LogLine.isWanted(name, Level.DEBUG);
    }

    @Override
    public boolean isInfoEnabled() {
        return LogLine.isWanted(name, Level.INFO);
    }

    @Override
    public boolean isWarnEnabled() {
        return LogLine.isWanted(name, Level.WARN);
    }

    @Override
    public boolean isErrorEnabled() {
        return LogLine.isWanted(name, Level.ERROR);
    }

    @Override
    protected String getFullyQualifiedCallerName() {
        return LineLogger.class.getName();
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level level,
            @Nullable Marker marker,
            String pattern,
            Object @Nullable [] arguments,
            @Nullable Throwable error) {
        final String message = String.valueOf(MessageFormatter.basicArrayFormat(pattern, arguments));
        LogLine.write(System.err, Instant.now(), level, name, message, error);
    }
}
