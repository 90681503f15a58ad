package io.weir.tools.observe;

import io.weir.tools.capture.FilterExpression;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** Filter expressions on the command line. */
final class Filters {
    private Filters() {}

    /**
     * Compiles the words of an expression; none select everything.
     *
     * @throws ParameterException when they are none
     */
    static FilterExpression compile(CommandLine commandLine, List<String> words) {
        try {
            return FilterExpression.compile(String.join(" ", words));
        } catch (final TypeConversionException e) {
            throw new ParameterException(commandLine, e.getMessage(), e);
        }
    }
}
