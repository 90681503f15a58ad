@NullMarked
package io.weir.tools;

import org.jspecify.annotations.NullMarked;
