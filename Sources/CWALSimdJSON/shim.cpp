#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "CWALSimdJSON.h"
#include "grammar.hpp"

using namespace simdjson;

namespace {

constexpr std::string_view top_names[] = {"type",  "task",       "activity", "task_id", "status",
                                          "error", "updated_at", "dag_id",   "before"};
constexpr std::string_view task_names[] = {
    "id",         "dag_id",     "node_id",    "current_node_id", "sub_dag_path", "processing_state", "payload",     "status",
    "created_at", "updated_at", "started_at", "completed_at",    "error",        "retry_count",      "max_retries", "priority",
    "payload_text"};
constexpr std::string_view activity_names[] = {"id",      "task_id", "dag_id", "node_id",   "action",
                                               "message", "data",    "level",  "created_at", "data_text"};

static_assert(std::size(top_names) == CWAL_TOP_COUNT);
static_assert(std::size(task_names) == CWAL_TASK_COUNT);
static_assert(std::size(activity_names) == CWAL_ACTIVITY_COUNT);

struct line_parser {
    ondemand::parser parser;
    const char *start;
    const char *failure; // where, if it is known
    const char *reason;  // what, if it is within the grammar

    bool fail(const char *place, const char *why = nullptr) {
        failure = place;
        reason = why;
        return false;
    }

    static std::string_view trimmed(std::string_view text) {
        auto is_space = [](char byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; };
        while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
        return text;
    }

    /// Reads an object's fields into the slices of their names; the one at `raw` stays as it is. Of a name that comes twice
    /// the last one counts, as for most readers of JSON.
    template <size_t count>
    bool fields(ondemand::object object, const std::string_view (&names)[count], cwal_json_slice *slices, size_t raw,
                cwal_json_line *line) {
        memset(slices, 0, count * sizeof *slices);
        // Writers keep one order of fields: the name after the last one found is tried first.
        size_t hint = 0;
        for (auto result : object) {
            ondemand::field field;
            if (std::move(result).get(field)) return fail(nullptr);
            size_t index;
            if (!find(names, field, hint, index)) return false;
            cwal_json_slice unknown;
            cwal_json_slice &slice = index < count ? slices[index] : unknown;
            bool is_raw = index == raw || index == count;
            if (!take(field.value(), slice, is_raw, line && index < count ? line : nullptr, index)) return false;
            if (index < count) hint = index + 1;
        }
        return true;
    }

    /// The index of a field's name; `count` for one that isn't among the names.
    template <size_t count>
    bool find(const std::string_view (&names)[count], ondemand::field &field, size_t hint, size_t &index) {
        const char *raw = field.key().raw();
        const char *close = raw;
        while (*close != '"' && *close != '\\') close++;
        std::string_view key(raw, size_t(close - raw));
        index = count;
        if (*close == '\\') {
            while (*close != '"') close += *close == '\\' ? 2 : 1;
            if (const char *offence = cwal::grammar(raw - 1, close + 1).offence()) return fail(offence);
            if (field.unescaped_key().get(key)) return true;
        }
        for (size_t step = 0; step < count; step++) {
            size_t tried = hint + step < count ? hint + step : hint + step - count;
            if (names[tried] != key) continue;
            index = tried;
            break;
        }
        return true;
    }

    /// Reads one value; with a line, one of its own fields, of which two are objects to be read further.
    ///
    /// Takes the value by reference. A copy is written in parts and read at once as a whole, which stalls the processor.
    bool take(ondemand::value &value, cwal_json_slice &slice, bool is_raw, cwal_json_line *line, size_t index) {
        std::string_view text = value.raw_json_token();
        const char *place = text.data();
        slice.offset = uint32_t(place - start);
        switch (*place) {
        case '"':
            text = trimmed(text);
            if (is_raw) return keep_checked(slice, CWAL_JSON_STRING, text);
            if (text.size() < 2 || memchr(text.data(), '\\', text.size())) {
                const char *half = cwal::grammar::half_pair(text.data(), text.data() + text.size());
                if (half) return fail(half, "half a surrogate pair, which no text can hold");
                if (value.get_string().get(text)) return fail(nullptr);
            } else {
                text = text.substr(1, text.size() - 2);
            }
            return keep(slice, CWAL_JSON_STRING, text);
        case '{': {
            ondemand::object object;
            if (value.get_object().get(object)) return fail(nullptr);
            if (line && index == CWAL_TOP_TASK)
                return keep(slice, CWAL_JSON_OBJECT, {}) &&
                       fields(object, task_names, line->task, CWAL_TASK_PAYLOAD, nullptr);
            if (line && index == CWAL_TOP_ACTIVITY)
                return keep(slice, CWAL_JSON_OBJECT, {}) &&
                       fields(object, activity_names, line->activity, CWAL_ACTIVITY_DATA, nullptr);
            if (object.raw_json().get(text)) return fail(nullptr);
            return keep_checked(slice, CWAL_JSON_OBJECT, text);
        }
        case '[': {
            ondemand::array array;
            if (value.get_array().get(array) || array.raw_json().get(text)) return fail(nullptr);
            return keep_checked(slice, CWAL_JSON_ARRAY, text);
        }
        case 'n': return keep_checked(slice, CWAL_JSON_NULL, text);
        case 't':
        case 'f': return keep_checked(slice, CWAL_JSON_BOOL, text);
        default: return keep_checked(slice, CWAL_JSON_NUMBER, text);
        }
    }

    bool keep_checked(cwal_json_slice &slice, cwal_json_kind kind, std::string_view text) {
        text = trimmed(text);
        if (const char *offence = cwal::grammar(text.data(), text.data() + text.size()).offence()) return fail(offence);
        return keep(slice, kind, text);
    }

    static bool keep(cwal_json_slice &slice, cwal_json_kind kind, std::string_view text) {
        slice.bytes = reinterpret_cast<const uint8_t *>(text.data());
        slice.count = text.size();
        slice.kind = kind;
        return true;
    }

    bool parse(size_t count, cwal_json_line *line) {
        fail(nullptr);
        ondemand::document document;
        if (parser.iterate(start, count, count + SIMDJSON_PADDING).get(document)) return false;
        ondemand::object object;
        if (document.get_object().get(object)) return false;
        return fields(object, top_names, line->top, CWAL_TOP_COUNT, line) &&
               document.current_location().error() == OUT_OF_BOUNDS;
    }
};

/// The first byte that isn't part of well-formed UTF-8 (Unicode 15, table 3-7), or null.
const char *utf8_offence(const char *begin, const char *end) {
    auto continues = [&](const char *at, int first, int last) {
        return at < end && uint8_t(*at) >= first && uint8_t(*at) <= last;
    };
    for (const char *at = begin; at < end;) {
        uint8_t lead = uint8_t(*at);
        int size = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
        if (!size) return at;
        int first = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        int last = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        if (size > 1 && !continues(at + 1, first, last)) return at;
        for (int index = 2; index < size; index++)
            if (!continues(at + index, 0x80, 0xBF)) return at;
        at += size;
    }
    return nullptr;
}

/// Finds out what is wrong with a line that was refused: slow, and exact.
void explain(const char *start, size_t count, const char *failure, const char *reason, cwal_json_line *line) {
    const char *end = start + count;
    line->error = "not valid JSON";
    if (const char *place = utf8_offence(start, end)) {
        line->error = "not valid UTF-8";
        failure = place;
    } else if (const char *offence = cwal::grammar(start, end).offence()) {
        failure = offence;
        if (offence == end) line->error = "not valid JSON: the line ends too early";
    } else if (reason) {
        line->error = reason;
    } else {
        line->error = "not a JSON object";
        failure = failure ? failure : start;
    }
    line->error_offset = size_t(failure - start);
}

} // namespace

size_t cwal_json_padding(void) { return SIMDJSON_PADDING; }

void *cwal_json_parser_create(void) { return new (std::nothrow) line_parser; }

void cwal_json_parser_destroy(void *parser) { delete static_cast<line_parser *>(parser); }

bool cwal_json_parse(void *opaque, const uint8_t *bytes, size_t count, cwal_json_line *line) {
    auto *parser = static_cast<line_parser *>(opaque);
    parser->start = reinterpret_cast<const char *>(bytes);
    line->error = nullptr;
    line->error_offset = 0;
    if (parser->parse(count, line)) return true;
    explain(parser->start, count, parser->failure, parser->reason, line);
    return false;
}

static bool is_valid(const uint8_t *bytes, size_t count, int depth_max) {
    const char *start = reinterpret_cast<const char *>(bytes);
    return !utf8_offence(start, start + count) && !cwal::grammar(start, start + count, depth_max).offence();
}

bool cwal_json_is_valid(const uint8_t *bytes, size_t count) { return is_valid(bytes, count, cwal::grammar::depth_max); }

bool cwal_json_is_valid_line(const uint8_t *bytes, size_t count) {
    return is_valid(bytes, count, cwal::grammar::depth_max + 2);
}
