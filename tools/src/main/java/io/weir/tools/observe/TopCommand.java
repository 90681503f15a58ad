package io.weir.tools.observe;

import io.weir.dataplane.observe.CounterSnapshot;
import io.weir.dataplane.observe.CounterView;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;
import org.jline.utils.NonBlockingReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code weir top}: rates of ports, workers and drops, live. */
@Command(
        name = "top",
        mixinStandardHelpOptions = true,
        description = "Show what a node does, live: rates of ports and workers, packets per burst, drops, flows.",
        footer = {
            "",
            "q ends it. Where the output is no terminal, it is printed once; --count prints it more often.",
            "",
            "Examples:",
            "  weir top",
            "  weir top --interval 0.5",
            "  weir top --count 10 --json"
        })
public final class TopCommand implements Callable<Integer> {
    private static final int PLAIN_WIDTH = 200;

    @Mixin
    private LookOptions look = new LookOptions();

    @Option(
            names = "--interval",
            paramLabel = "SECONDS",
            defaultValue = "1",
            description = "Time between two looks. Default: ${DEFAULT-VALUE}.")
    private double interval = 1;

    @Option(names = "--count", paramLabel = "N", description = "End after N looks; no full screen.")
    private int count;

    @Override
    public Integer call() {
        if (interval < 0.05 || interval > 3600) {
            throw new ParameterException(look.commandLine(), "--interval " + interval + " is outside 0.05..3600");
        }
        final boolean isTerminal =
                Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
        final boolean isScreen = !look.isJson() && count == 0 && isTerminal;
        try (CounterView view = look.counters()) {
            if (isScreen) {
                screen(view);
            } else {
                print(view);
            }
        } catch (final IOException e) {
            throw new CommandFailure("the terminal can't be used: " + e.getMessage(), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return ExitCodes.DONE;
    }

    private void print(CounterView view) throws InterruptedException {
        final PrintWriter out = look.out();
        CounterSnapshot before = view.snapshot();
        // JSON lines go on for a program that reads them; text is for a look
        final int looks = count != 0 ? count : look.isJson() ? Integer.MAX_VALUE : 1;
        for (int i = 0; i < looks && !out.checkError(); i++) {
            Thread.sleep((long) (interval * 1000));
            final CounterSnapshot now = view.snapshot();
            final Rates rates = new Rates(before, now);
            if (look.isJson()) {
                out.println(Json.line(TopScreen.tree(rates)));
            } else {
                TopScreen.lines(rates, PLAIN_WIDTH, Integer.MAX_VALUE).forEach(out::println);
            }
            out.flush();
            before = now;
        }
    }

    private void screen(CounterView view) throws IOException {
        try (Terminal terminal = TerminalBuilder.builder().system(true).build()) {
            final Attributes attributes = terminal.enterRawMode();
            terminal.puts(Capability.enter_ca_mode);
            terminal.puts(Capability.cursor_invisible);
            try {
                refresh(view, terminal);
            } finally {
                terminal.puts(Capability.cursor_visible);
                terminal.puts(Capability.exit_ca_mode);
                terminal.setAttributes(attributes);
                terminal.flush();
            }
        }
    }

    /** Draws until q, Ctrl-C or Ctrl-D; a change of the terminal's size is seen at the next turn. */
    private void refresh(CounterView view, Terminal terminal) throws IOException {
        final Display display = new Display(terminal, true);
        final NonBlockingReader keys = terminal.reader();
        final long intervalMs = (long) (interval * 1000);
        CounterSnapshot before = view.snapshot();
        Rates rates = new Rates(before, before);
        Size shown = new Size(0, 0);
        long nextMs = System.currentTimeMillis() + Math.min(250, intervalMs);
        boolean isDue = true;
        while (true) {
            final Size size = terminal.getSize();
            if (isDue || !size.equals(shown)) {
                if (!size.equals(shown)) {
                    display.resize(size.getRows(), size.getColumns());
                    display.clear();
                    shown = new Size(size.getColumns(), size.getRows());
                }
                final List<AttributedString> lines = TopScreen.lines(rates, size.getColumns(), size.getRows()).stream()
                        .map(AttributedString::new)
                        .toList();
                display.update(lines, -1);
            }
            final int key = keys.read(Math.clamp(nextMs - System.currentTimeMillis(), 1, 200));
            if (key == 'q' || key == 'Q' || key == 3 || key == 4 || key == NonBlockingReader.EOF) {
                return;
            }
            isDue = System.currentTimeMillis() >= nextMs;
            if (isDue) {
                final CounterSnapshot now = view.snapshot();
                rates = new Rates(before, now);
                before = now;
                nextMs = System.currentTimeMillis() + intervalMs;
            }
        }
    }
}
