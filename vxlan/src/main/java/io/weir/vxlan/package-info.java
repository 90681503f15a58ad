@NullMarked
package io.weir.vxlan;

import org.jspecify.annotations.NullMarked;
