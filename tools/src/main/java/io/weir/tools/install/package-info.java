/** {@code weir install} and {@code weir uninstall}: the CNI plugin and the network configuration that container runtimes read. */
@NullMarked
package io.weir.tools.install;

import org.jspecify.annotations.NullMarked;
