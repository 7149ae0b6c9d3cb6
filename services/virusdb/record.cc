#include "services/virusdb/record.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"

namespace hikyaku::virusdb {
namespace {

constexpr std::array<std::string_view, 4> names{"updated", "refused", "failed", "rolled-back"};

// Fields are divided by tabs and never hold one.
std::string plain(std::string_view text) {
  std::string out(text.substr(0, 1'000));
  for (char& c : out)
    if (is_ctl(c)) c = ' ';
  return out;
}

std::optional<Record> parse_record(std::string_view line) {
  std::array<std::string_view, 7> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto tab = line.find('\t');
    if ((tab == std::string_view::npos) != (i + 1 == fields.size())) return std::nullopt;
    fields[i] = line.substr(0, tab);
    if (tab != std::string_view::npos) line.remove_prefix(tab + 1);
  }
  const auto number = [](std::string_view text) -> std::optional<std::uint64_t> {
    Cursor in(text);
    const auto read = parse_number(in, UINT64_MAX);
    return read && in.at_end() ? std::optional(*read) : std::nullopt;
  };
  const auto kind = std::ranges::find(names, fields[1]);
  const auto at = number(fields[0]), generation = number(fields[2]), fingerprint = number(fields[3]), built = number(fields[4]);
  if (kind == names.end() || !at || !generation || !fingerprint || !built || *at > INT64_MAX || *built > INT64_MAX) return std::nullopt;
  const auto time = [](std::uint64_t micros) { return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(micros)}}; };
  return Record{time(*at), static_cast<Kind>(kind - names.begin()), *generation, *fingerprint, time(*built), std::string(fields[5]), std::string(fields[6])};
}

}  // namespace

std::string_view kind_name(Kind kind) { return names[static_cast<std::size_t>(kind)]; }

std::string line_of(const Record& record) {
  const auto micros = [](WallTime time) { return std::to_string(time.time_since_epoch().count()); };
  return micros(record.at) + '\t' + std::string(kind_name(record.kind)) + '\t' + std::to_string(record.generation) + '\t' + std::to_string(record.fingerprint) + '\t' + micros(record.built) + '\t' +
         plain(record.names) + '\t' + plain(record.why) + '\n';
}

std::vector<Record> parse_records(std::string_view text) {
  std::vector<Record> records;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (auto record = parse_record(text.substr(0, end))) records.push_back(*std::move(record));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return records;
}

const Record* in_force(const std::vector<Record>& records) {
  const auto found = std::find_if(records.rbegin(), records.rend(), [](const Record& record) { return record.kind == Kind::Updated || record.kind == Kind::RolledBack; });
  return found == records.rend() ? nullptr : &*found;
}

bool is_rejected(const std::vector<Record>& records, std::uint64_t fingerprint) {
  std::uint64_t before = 0;  // what was in force
  bool rejected = false;
  for (const auto& record : records) {
    if (record.kind == Kind::RolledBack && before == fingerprint) rejected = true;
    if (record.kind == Kind::Refused && record.fingerprint == fingerprint) rejected = true;
    if (record.kind != Kind::Updated && record.kind != Kind::RolledBack) continue;
    before = record.fingerprint;
    if (record.fingerprint == fingerprint) rejected = false;
  }
  return rejected;
}

}  // namespace hikyaku::virusdb
