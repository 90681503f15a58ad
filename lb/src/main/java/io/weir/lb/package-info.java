@NullMarked
package io.weir.lb;

import org.jspecify.annotations.NullMarked;
