#include "services/delivery/source_limits.h"

#include "base/cursor.h"
#include "io/socket_address.h"

namespace hikyaku::delivery {

Result<void, std::string> add_source_limit(std::string_view line, SourceLimits& limits) {
  const auto wrong = [&] { return failure("\"" + std::string(line.substr(0, 200)) + "\" is no limit: write \"192.0.2.7 20\", or \"default 100\" for mail whose row names no source."); };
  Cursor in(line);
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  in.take_while(blank);
  const auto word = in.take_while([&](char c) { return !blank(c); });
  in.take_while(blank);
  const auto number = parse_number(in, 1'000'000);
  in.take_while(blank);
  if (!number || *number == 0 || !in.at_end()) return wrong();
  if (word == default_source) return limits.set(std::string(word), static_cast<std::uint32_t>(*number)), Result<void, std::string>{};
  const auto address = io::IpAddress::parse(word);
  if (!address) return wrong();
  limits.set(address->to_string(), static_cast<std::uint32_t>(*number));
  return {};
}

std::vector<std::string> sources_of(std::string_view key) {
  std::vector<std::string> sources;
  constexpr std::string_view option = "source=";
  const auto terms = key.find(';');
  while (terms != std::string_view::npos) {
    const auto at = key.find(option, terms);
    if (at == std::string_view::npos) break;
    const bool begins = key[at - 1] == ';' || key[at - 1] == ',';
    key.remove_prefix(at + option.size() - terms);  // what is left before `terms` is not looked at again
    const auto end = key.find(',', terms);
    const auto address = begins ? io::IpAddress::parse(key.substr(terms, end == std::string_view::npos ? end : end - terms)) : std::nullopt;
    if (address) sources.push_back(address->to_string());
  }
  if (sources.empty()) sources.emplace_back(default_source);
  return sources;
}

}  // namespace hikyaku::delivery
