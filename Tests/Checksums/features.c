// Stands in for getauxval: the features of an ARM processor, as a number of the compiler's command line.
unsigned long chosen_features(unsigned long type) { return type == 16 ? FEATURES : 0; }
