#include "apps/supervisor/life_sign.h"

#include <algorithm>
#include <fstream>

#include "base/cursor.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::apps {

namespace {

constexpr std::string_view heard_word = "heard ", ended_word = "ended ";

std::string_view word_of(Cursor& line) {
  const auto word = line.take_while([](char c) { return c != ' '; });
  line.take(' ');
  return word;
}

int pid_of(Cursor& line) {
  Cursor word(word_of(line));
  const auto pid = parse_number(word, 1u << 30);
  return pid && word.at_end() ? static_cast<int>(*pid) : 0;
}

std::optional<UnsaidEnd> end_of(Cursor line) {
  UnsaidEnd end;
  const auto of = word_of(line);
  if (of != name_of(UnsaidEnd::Of::Server) && of != name_of(UnsaidEnd::Of::ControlProcess)) return std::nullopt;
  if (of == name_of(UnsaidEnd::Of::ControlProcess)) end.of = UnsaidEnd::Of::ControlProcess;
  end.pid = pid_of(line);
  const auto heard = telemetry::parse_stamp(word_of(line));
  const auto until = telemetry::parse_stamp(word_of(line));
  if (!heard || !until) return std::nullopt;
  end.heard = *heard, end.until = *until, end.how = std::string(line.rest());
  return end;
}

// Of a server that nobody saw end.
std::string how_it_went(const LifeSign& left, const std::string& boot) {
  if (left.boot.empty() || boot.empty() || left.boot == boot) return "";
  return "the machine was started anew";
}

std::string one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

}  // namespace

std::string_view name_of(UnsaidEnd::Of of) { return of == UnsaidEnd::Of::Server ? "server" : "control-process"; }

LifeSign parse_life(std::string_view text) {
  LifeSign life;
  Cursor in(text);
  while (!in.at_end()) {
    const auto row = in.take_while([](char c) { return c != '\n'; });
    in.take('\n');
    if (row.starts_with(heard_word)) {
      Cursor line(row.substr(heard_word.size()));
      life.heard = telemetry::parse_stamp(word_of(line)).value_or(WallTime{});
      life.pid = pid_of(line);
      life.boot = std::string(word_of(line));
    } else if (row.starts_with(ended_word)) {
      if (auto end = end_of(Cursor(row.substr(ended_word.size())))) life.ends.push_back(std::move(*end));
    }
  }
  return life;
}

std::string life_text(const LifeSign& life) {
  std::string text = std::string(heard_word) + telemetry::stamp_text(life.heard) + " " + std::to_string(life.pid) + " " + life.boot + "\n";
  for (const auto& end : life.ends)
    text += std::string(ended_word) + std::string(name_of(end.of)) + " " + std::to_string(end.pid) + " " + telemetry::stamp_text(end.heard) + " " +
            telemetry::stamp_text(end.until) + " " + one_line(end.how) + "\n";
  return text;
}

LifeSign succeed(const std::optional<LifeSign>& left, const std::optional<UnsaidEnd>& seen, int pid, const std::string& boot, WallTime now) {
  LifeSign life{.heard = now, .pid = pid, .boot = boot, .ends = left ? left->ends : std::vector<UnsaidEnd>{}};
  if (seen) life.ends.push_back(*seen);
  else if (left) life.ends.push_back({UnsaidEnd::Of::Server, left->pid, left->heard, now, how_it_went(*left, boot)});
  if (life.ends.size() > LifeSign::most_ends) life.ends.erase(life.ends.begin(), life.ends.end() - LifeSign::most_ends);
  return life;
}

std::optional<LifeSign> LifeFile::left() const {
  const auto text = io::read_file(disk_, path_, 1 << 16);
  if (text) return parse_life(*text);
  // One that is there and cannot be read was left all the same.
  return text.error().kind == io::DiskFailure::NotFound ? std::nullopt : std::optional(LifeSign{});
}

io::DiskResult<> LifeFile::begin(const LifeSign& life) { return io::replace_file(disk_, path_, life_text(life)); }

void LifeFile::still_alive(WallTime now) {
  const auto file = disk_.open(path_, io::OpenMode::ReadWrite);
  if (!file) return;
  const std::string stamp = telemetry::stamp_text(now);  // always of one length
  const std::string_view parts[] = {heard_word, stamp};
  (void)(*file)->write_at(0, parts);
}

void LifeFile::end() { (void)disk_.remove(path_); }

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

}  // namespace hikyaku::apps
