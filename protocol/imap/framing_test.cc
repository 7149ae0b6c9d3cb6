#include "protocol/imap/framing.h"

#include <doctest/doctest.h>

namespace hikyaku::imap {
namespace {

TEST_CASE("imap framing: literal headers at the end of a line") {
  struct Row { std::string_view line; bool is_literal; std::uint64_t octets; bool synchronizing; bool binary; };
  const Row rows[] = {
      {"a LOGIN {5}", true, 5, true, false},
      {"a LOGIN {5+}", true, 5, false, false},
      {"a APPEND x ~{12}", true, 12, true, true},
      {"a X {99999999999999999999999}", true, ~0ull, true, false},
      {"a X {0}", true, 0, true, false},
      {"{7}", true, 7, true, false},
      {"a X {}", false},
      {"a X {+}", false},
      {"a X {-5}", false},
      {"a X {5-}", false},
      {"a X {5} ", false},
      {"a X 5}", false},
      {"a X {5", false},
      {"}", false},
      {"", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    Literal found;
    REQUIRE(ends_in_literal_header(row.line, found) == row.is_literal);
    if (!row.is_literal) continue;
    CHECK(found.octets == row.octets);
    CHECK(found.synchronizing == row.synchronizing);
    CHECK(found.binary == row.binary);
  }
}

// What a client's octets become: commands between "|", refusals and overlong commands named.
std::string framed(std::string_view input, std::size_t piece, FramingLimits limits = {}) {
  Framer framer(limits);
  std::string told;
  for (std::size_t at = 0; at <= input.size(); at += piece) {
    framer.receive(input.substr(at, piece));
    for (bool more = true; more;) {
      switch (framer.next()) {
        case Framed::NeedMore: more = false; break;
        case Framed::Command: told += framer.take_command() + "|"; break;
        case Framed::Announced:
          if (framer.text().starts_with("stream")) {
            framer.stream_literal();
          } else if (framer.literal_fits()) {
            framer.gather_literal();
          } else {
            const bool waits = framer.literal().synchronizing;
            framer.refuse_literal();
            if (waits) told += "refused|";
          }
          break;
        case Framed::Streaming: told += framer.streamed(); break;
        case Framed::Streamed: told += "<end>"; break;
        case Framed::Refused: told += "refused|"; break;
        case Framed::TooLong: told += "long|"; break;
      }
    }
  }
  return told;
}

TEST_CASE("imap framing: any split gives the same commands") {
  struct Row { std::string_view name, input, want; };
  const Row rows[] = {
      {"one line", "a NOOP\r\n", "a NOOP|"},
      {"bare LF", "a NOOP\nb NOOP\n", "a NOOP|b NOOP|"},
      {"empty line", "\r\na NOOP\r\n", "|a NOOP|"},
      {"literal", "a LOGIN {3}\r\nabc {2+}\r\nde\r\nb NOOP\r\n", "a LOGIN {3}\r\nabc {2+}\r\nde|b NOOP|"},
      {"line end in a literal", "a X {4}\r\n\r\n\r\n\r\n", "a X {4}\r\n\r\n\r\n|"},
      {"empty literal", "a X {0}\r\n\r\n", "a X {0}\r\n|"},
      {"streamed", "stream {5}\r\nabcde (x)\r\nb NOOP\r\n", "abcde<end> (x)|b NOOP|"},
      {"two streamed", "stream {2}\r\nab {1}\r\nc\r\n", "ab<end> {1}\r\nc|"},
      {"refused, waiting", "a X {999}\r\nb NOOP\r\n", "refused|b NOOP|"},
      {"refused, sent in any case", "a X {30+}\r\n012345678901234567890123456789 {3+}\r\nabc\r\nb NOOP\r\n", "refused|b NOOP|"},
      {"unfinished", "a NOOP", ""},
      {"unfinished literal", "a X {5}\r\nabc", ""},
      {"overlong", "a 0123456789012345678901234567890123456789\r\nb NOOP\r\n", "long|b NOOP|"},
      {"overlong with a literal at its end", "a 0123456789012345678901234567890123456789 {3+}\r\na\nc\r\nb NOOP\r\n", "long|b NOOP|"},
  };
  for (const auto& row : rows) {
    for (std::size_t piece = 1; piece <= row.input.size() + 1; ++piece) {
      CAPTURE(row.name);
      CAPTURE(piece);
      REQUIRE(framed(row.input, piece, {.command_octets = 38, .literal_octets = 20}) == row.want);
    }
  }
}

TEST_CASE("imap framing: lines that are no commands") {
  for (std::size_t piece = 1; piece < 20; ++piece) {
    Framer framer;
    std::string told, line;
    const std::string_view input = "DONE\r\n\r\n01234567890\r\nok\n";
    for (std::size_t at = 0; at < input.size(); at += piece) {
      framer.receive(input.substr(at, piece));
      for (;;) {
        const auto found = framer.next_line(line, 10);
        if (found == LineFound::NeedMore) break;
        told += found == LineFound::TooLong ? "long|" : line + "|";
      }
    }
    CAPTURE(piece);
    CHECK(told == "DONE||long|ok|");
  }
}

}  // namespace
}  // namespace hikyaku::imap
