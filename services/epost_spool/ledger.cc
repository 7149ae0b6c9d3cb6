#include "services/epost_spool/ledger.h"

#include <charconv>

#include "base/cursor.h"

namespace hikyaku::epost_spool {
namespace {

std::string hexadecimal(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::string_view take_word(std::string_view& line) {
  const auto end = line.find(' ');
  const auto word = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return word;
}

}  // namespace

io::DiskResult<ImportLedger> ImportLedger::open(io::Disk& disk, const std::string& path) {
  TRY(file, disk.open(path, io::OpenMode::Create));
  const auto slash = path.rfind('/');
  TRY_VOID(disk.sync_folder(slash == std::string::npos ? "." : path.substr(0, slash)));
  TRY(text, io::read_file(disk, path, std::uint64_t{1} << 30));
  ImportLedger ledger(std::move(file));
  ledger.size_ = text.size();
  std::string_view rest = text;
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    auto line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const auto word = take_word(line), identity = take_word(line), id = take_word(line);
    std::uint64_t number = 0;
    const auto [at, error] = std::from_chars(identity.data(), identity.data() + identity.size(), number, 16);
    const auto trace = TraceId::parse(id);
    if (identity.size() != 16 || error != std::errc{} || at != identity.data() + 16 || !trace) continue;
    if (word == "try") ledger.entries_[number] = {State::Undecided, *trace};
    else if (word == "void") ledger.entries_.erase(number);
    else if (word == "done") ledger.entries_[number] = {State::Taken, *trace};
  }
  return ledger;
}

ImportLedger::Entry ImportLedger::find(std::uint64_t identity) const {
  const auto at = entries_.find(identity);
  return at == entries_.end() ? Entry{} : at->second;
}

io::DiskResult<> ImportLedger::append(std::string_view word, State state, std::span<const Line> lines) {
  std::string text = "\n";  // ends a torn line of before
  for (const auto& line : lines)
    text.append(word).append(" ").append(hexadecimal(line.identity)).append(" ").append(line.id.text()).append(" ").append(line.stem).append("\n");
  TRY_VOID(file_->write_at(size_, text));
  TRY_VOID(file_->flush());
  size_ += text.size();
  for (const auto& line : lines) entries_[line.identity] = {state, line.id};
  return {};
}

}  // namespace hikyaku::epost_spool
