#include "services/policy/greylist_line.h"

#include <charconv>
#include <vector>

#include "base/percent.h"

namespace hikyaku::policy {
namespace {

constexpr std::size_t most_line_octets = 8'192;

void put(std::string& line, std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  line += ' ';
  for (const char octet : text) {
    const auto code = static_cast<unsigned char>(octet);
    if (code > ' ' && code < 0x7F && octet != '%') line += octet;
    else line += {'%', digits[code >> 4], digits[code & 15]};
  }
}
void put(std::string& line, std::uint64_t number) { line += ' ' + std::to_string(number); }
std::uint64_t seconds_of(WallTime at) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count())); }

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (words.size() < 8) {
    const auto space = line.find(' ');
    words.push_back(line.substr(0, space));
    if (space == std::string_view::npos) break;
    line.remove_prefix(space + 1);
  }
  return words;
}

template <class Number>
std::optional<Number> number_of(std::string_view word) {
  Number number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return number;
}

// Up to the year 9999.
std::optional<WallTime> time_of(std::string_view word) {
  const auto seconds = number_of<std::uint64_t>(word);
  if (!seconds || *seconds > 253'402'300'799) return std::nullopt;
  return WallTime{std::chrono::seconds{*seconds}};
}

std::optional<GreylistLine> waiting_line(const std::vector<std::string_view>& words) {
  auto source = percent_decode(words[1]), sender = percent_decode(words[2]), recipient = percent_decode(words[3]);
  const auto first = time_of(words[4]), last = time_of(words[5]);
  const auto tries = number_of<std::uint32_t>(words[6]);
  if (!source || !sender || !recipient || !first || !last || !tries) return std::nullopt;
  return WaitingLine{{*std::move(source), *std::move(sender), *std::move(recipient)}, {*first, *last, *tries}};
}

}  // namespace

std::string greylist_line(const GreylistLine& line) {
  std::string text;
  if (const auto* waits = std::get_if<WaitingLine>(&line)) {
    text = "w";
    put(text, waits->key.source), put(text, waits->key.sender), put(text, waits->key.recipient);
    put(text, seconds_of(waits->waiting.first)), put(text, seconds_of(waits->waiting.last)), put(text, waits->waiting.tries);
  } else if (const auto* known = std::get_if<KnownLine>(&line)) {
    text = "k";
    put(text, known->source), put(text, seconds_of(known->known.since)), put(text, seconds_of(known->known.last)), put(text, known->known.mails);
  } else {
    text = "f";
    put(text, std::get<ForgottenLine>(line).source);
  }
  return text + '\n';
}

std::optional<GreylistLine> parse_greylist_line(std::string_view line) {
  if (line.size() > most_line_octets) return std::nullopt;
  const auto words = words_of(line);
  if (words[0] == "w" && words.size() == 7) return waiting_line(words);
  if (words[0] == "k" && words.size() == 5) {
    auto source = percent_decode(words[1]);
    const auto since = time_of(words[2]), last = time_of(words[3]);
    const auto mails = number_of<std::uint64_t>(words[4]);
    if (!source || !since || !last || !mails) return std::nullopt;
    return KnownLine{*std::move(source), {*since, *last, *mails}};
  }
  if (words[0] == "f" && words.size() == 2)
    if (auto source = percent_decode(words[1])) return ForgottenLine{*std::move(source)};
  return std::nullopt;
}

std::size_t restore(GreylistMemory& memory, std::string_view text) {
  std::size_t unreadable = text.substr(0, text.find('\n')) == greylist_heading ? 0 : 1;
  for (bool heading = true; !text.empty(); heading = false) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (heading) continue;
    auto read = end == std::string_view::npos ? std::nullopt : parse_greylist_line(line);
    if (!read) ++unreadable;
    else if (auto* waits = std::get_if<WaitingLine>(&*read)) memory.restore(std::move(waits->key), waits->waiting);
    else if (auto* known = std::get_if<KnownLine>(&*read)) memory.restore(std::move(known->source), known->known);
    else memory.forget_source(std::get<ForgottenLine>(*read).source);
  }
  return unreadable;
}

}  // namespace hikyaku::policy
