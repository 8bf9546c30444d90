#include "CWALFuzzer.h"
