#include "CWALSimdJSON.h"
