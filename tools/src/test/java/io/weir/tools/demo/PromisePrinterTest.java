package io.weir.tools.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.tools.command.CommandFailure;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** What the demo prints of its promises. */
class PromisePrinterTest {
    private final StringWriter out = new StringWriter();

    private PromisePrinter tried(boolean isJson) throws InterruptedException {
        final PromisePrinter printer = new PromisePrinter(new PrintWriter(out, true), isJson);
        printer.say("a cluster");
        printer.promise("it works", () -> "1.5 ms");
        assertThat(printer.isAllKept()).isTrue();
        printer.promise("it lasts", () -> {
            throw new CommandFailure("it\nbroke");
        });
        assertThat(printer.isAllKept()).isFalse();
        printer.summary(12.34);
        return printer;
    }

    @Test
    void inWords() throws InterruptedException {
        tried(false);
        assertThat(out.toString().lines().map(String::strip))
                .containsExactly(
                        "a cluster",
                        "kept   it works" + " ".repeat(55) + "1.5 ms",
                        "BROKEN it lasts" + " ".repeat(55) + "it broke",
                        "1 of 2 promises kept in 12 s");
    }

    @Test
    void inJson() throws InterruptedException {
        tried(true);
        assertThat(out.toString().lines())
                .containsExactly(
                        "{\"promise\":\"it works\",\"kept\":true,\"measured\":\"1.5 ms\"}",
                        "{\"promise\":\"it lasts\",\"kept\":false,\"measured\":\"it broke\"}",
                        "{\"promises\":2,\"kept\":1,\"seconds\":12.3}");
    }
}
