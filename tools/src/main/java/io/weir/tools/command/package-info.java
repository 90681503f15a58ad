/** What all commands share: options for configuration and output, progress, failures and exit codes. */
@NullMarked
package io.weir.tools.command;

import org.jspecify.annotations.NullMarked;
