package io.weir.tools.bench;

import io.weir.bench.report.Report;
import io.weir.bench.report.ReportCsv;
import io.weir.bench.report.ReportHtml;
import io.weir.bench.report.ReportJson;
import io.weir.tools.command.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Where reports of a measurement go. */
final class ReportOptions {
    private static final String STANDARD_OUTPUT = "-";

    @Option(
            names = "--json",
            arity = "0..1",
            fallbackValue = STANDARD_OUTPUT,
            paramLabel = "FILE",
            description = "Write JSON there; without FILE to standard output.")
    private @Nullable String json;

    @Option(
            names = "--csv",
            arity = "0..1",
            fallbackValue = STANDARD_OUTPUT,
            paramLabel = "FILE",
            description = "Write comma-separated values there; without FILE to standard output.")
    private @Nullable String csv;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Write a page with pictures there; it needs nothing else, and can be sent on.")
    private @Nullable String html;

    /** The table goes to standard error then. */
    boolean usesStandardOutput() {
        return Stream.of(json, csv).filter(Objects::nonNull).anyMatch(STANDARD_OUTPUT::equals);
    }

    /**
     * Tries to write each file before anything is measured for it; one that is there already stays as it is.
     *
     * @throws ParameterException when one can't be written
     */
    void check(CommandSpec spec) {
        for (final String target :
                Stream.of(json, csv, html).filter(Objects::nonNull).toList()) {
            if (target.equals(STANDARD_OUTPUT)) {
                continue;
            }
            try {
                final Path file = Path.of(target);
                final boolean isNew = Files.notExists(file);
                Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                        .close();
                if (isNew) {
                    Files.deleteIfExists(file);
                }
            } catch (final IOException | InvalidPathException e) {
                throw new ParameterException(spec.commandLine(), "can't write " + target + ": " + reason(e), e);
            }
        }
    }

    /** Writes those that go to files. */
    void writeFiles(Report report) {
        write(json, report, ReportJson::write);
        write(csv, report, ReportCsv::write);
        write(html, report, ReportHtml::write);
    }

    /** Prints those that go to standard output. */
    void print(Report report, PrintWriter out) {
        if (STANDARD_OUTPUT.equals(json)) {
            out.println(ReportJson.write(report).stripTrailing());
        }
        if (STANDARD_OUTPUT.equals(csv)) {
            out.println(ReportCsv.write(report).stripTrailing());
        }
        out.flush();
    }

    private static void write(@Nullable String target, Report report, Function<Report, String> format) {
        if (target == null || target.equals(STANDARD_OUTPUT)) {
            return;
        }
        try {
            Files.writeString(Path.of(target), format.apply(report));
        } catch (final IOException e) {
            throw new CommandFailure("can't write " + target + ": " + reason(e), e);
        }
    }

    /** The message of the commonest is the file's name alone. */
    private static String reason(Exception e) {
        return switch (e) {
            case NoSuchFileException _ -> "there is no such directory";
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException system when system.getReason() != null -> system.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }
}
