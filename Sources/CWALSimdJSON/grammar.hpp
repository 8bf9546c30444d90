// RFC 8259's grammar, byte by byte, the same as `JSONValidator` in WALTasks. On-demand parsing looks only at the values that
// it is asked for; what is kept as text, or skipped, is checked here. It also finds the place of an error in a line that
// simdjson refused.
//
// Half a surrogate pair is within the grammar (section 8.2): text that stays text keeps it. Only a string that has to be
// unescaped can't have one.
#pragma once

#include <cstring>

namespace cwal {

class grammar {
public:
    grammar(const char *begin, const char *end, int depth_limit = depth_max)
        : at(begin), end(end), depth_limit(depth_limit) {}

    /// Where the text stops being one JSON value, or null if it is one.
    const char *offence() {
        space();
        if (!value(0)) return at;
        space();
        return at == end ? nullptr : at;
    }

    /// How deep arrays and objects may be nested.
    static constexpr int depth_max = 512;

    /// The first escape of half a surrogate pair in a string within the grammar, or null.
    static const char *half_pair(const char *begin, const char *end) {
        for (const char *at = begin; at < end; at++) {
            if (*at != '\\') continue;
            unsigned unit, low;
            if (++at == end || *at != 'u' || !hexadecimal(at + 1, end, unit)) continue;
            bool is_high = unit >= 0xD800 && unit < 0xDC00;
            if (is_high && end - at > 6 && at[5] == '\\' && at[6] == 'u' && hexadecimal(at + 7, end, low) && low >= 0xDC00 &&
                low < 0xE000)
                at += 6;
            else if (is_high || (unit >= 0xDC00 && unit < 0xE000))
                return at - 1;
        }
        return nullptr;
    }

private:
    const char *at;
    const char *const end;
    const int depth_limit;

    bool next(char wanted) {
        if (at == end || *at != wanted) return false;
        at++;
        return true;
    }

    void space() {
        while (at != end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) at++;
    }

    bool value(int depth) {
        if (at == end) return false;
        switch (*at) {
        case '"': return string();
        case '{': return depth < depth_limit && members(depth + 1, '}');
        case '[': return depth < depth_limit && members(depth + 1, ']');
        case 't': return word("true");
        case 'f': return word("false");
        case 'n': return word("null");
        default: return number();
        }
    }

    bool members(int depth, char close) {
        at++;
        space();
        if (next(close)) return true;
        for (;;) {
            if (close == '}') {
                if (at == end || *at != '"' || !string()) return false;
                space();
                if (!next(':')) return false;
                space();
            }
            if (!value(depth)) return false;
            space();
            if (next(close)) return true;
            if (!next(',')) return false;
            space();
        }
    }

    bool string() {
        for (at++; at != end; at++) {
            if (*at == '"') return at++, true;
            if (static_cast<unsigned char>(*at) < 0x20) return false;
            if (*at == '\\' && !escape()) return false;
        }
        return false;
    }

    /// Leaves `at` on the last byte of the escape.
    bool escape() {
        if (end - at < 2) return false;
        if (at[1] != 'u') return std::strchr("\"\\/bfnrt", at[1]) && at[1] ? at++, true : false;
        unsigned unit;
        if (!hexadecimal(at + 2, end, unit)) return false;
        at += 5;
        return true;
    }

    static bool hexadecimal(const char *digits, const char *end, unsigned &unit) {
        if (end - digits < 4) return false;
        unit = 0;
        for (int index = 0; index < 4; index++) {
            char digit = digits[index];
            unsigned nibble = digit >= '0' && digit <= '9'   ? digit - '0'
                              : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                              : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                                             : 16;
            if (nibble == 16) return false;
            unit = unit << 4 | nibble;
        }
        return true;
    }

    bool word(const char *text) {
        for (; *text; text++)
            if (!next(*text)) return false;
        return true;
    }

    bool digits() {
        const char *first = at;
        while (at != end && *at >= '0' && *at <= '9') at++;
        return at != first;
    }

    bool number() {
        next('-');
        if (!next('0') && !digits()) return false;
        if (next('.') && !digits()) return false;
        if (next('e') || next('E')) {
            if (!next('+')) next('-');
            return digits();
        }
        return true;
    }
};

} // namespace cwal
