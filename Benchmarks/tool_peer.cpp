// Reads every field of each line with simdjson, and keeps nothing: what a reader of lines can reach.
//
// Usage: tool_peer FILE   prints lines a second and bytes a second as JSON
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace simdjson;

static uint64_t sum;

static bool read_object(ondemand::object object) {
    for (auto result : object) {
        ondemand::field field;
        std::string_view key;
        if (std::move(result).get(field) || field.unescaped_key().get(key)) return false;
        sum += key.size();
        ondemand::value value = field.value();
        ondemand::json_type type;
        if (value.type().get(type)) return false;
        switch (type) {
        case ondemand::json_type::object: {
            ondemand::object inner;
            if (value.get_object().get(inner) || !read_object(inner)) return false;
            break;
        }
        case ondemand::json_type::string: {
            std::string_view text;
            if (value.get_string().get(text)) return false;
            sum += text.size();
            break;
        }
        case ondemand::json_type::number: {
            int64_t number;
            if (value.get_int64().get(number)) return false;
            sum += uint64_t(number);
            break;
        }
        default: sum += value.raw_json_token().size();
        }
    }
    return true;
}

int main(int count, char **arguments) {
    if (count != 2) return fprintf(stderr, "usage: tool_peer FILE\n"), 64;
    int file = open(arguments[1], O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status)) return perror(arguments[1]), 1;
    size_t size = size_t(status.st_size);
    // Pages of zeros follow the file, for the padding.
    auto *bytes = static_cast<char *>(
        mmap(nullptr, size + SIMDJSON_PADDING + 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (bytes == MAP_FAILED || mmap(bytes, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0) == MAP_FAILED)
        return perror("mmap"), 1;
    auto begin = std::chrono::steady_clock::now();
    ondemand::parser parser;
    uint64_t lines = 0;
    for (size_t start = 0; start < size;) {
        auto *end = static_cast<char *>(memchr(bytes + start, '\n', size - start));
        size_t length = end ? size_t(end - bytes) - start : size - start;
        ondemand::document document;
        ondemand::object object;
        if (parser.iterate(bytes + start, length, length + SIMDJSON_PADDING).get(document) ||
            document.get_object().get(object) || !read_object(object))
            return fprintf(stderr, "line %lu isn't JSON\n", (unsigned long)lines + 1), 65;
        lines++;
        start += length + 1;
    }
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    printf("{\"lines\": %lu, \"seconds\": %.6f, \"lines_per_second\": %.0f, \"bytes_per_second\": %.0f, \"sum\": %lu}\n",
           (unsigned long)lines, seconds, double(lines) / seconds, double(size) / seconds, (unsigned long)sum);
}
