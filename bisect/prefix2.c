#include "bisect/prefix2.h"

size_t
prefix2_sizes(size_t n, size_t sizes[PREFIX2_MAX])
{
	size_t k = 0;

	for (; n; n /= 2)
		sizes[k++] = n;
	return k;
}
