// How commands show things: a Listing is a row a thing, a FactSheet the facts of one thing. For people both are tables in
// their language; a listing is a JSON array for programs.
#pragma once

#include <string>
#include <vector>

#include "apps/cli/command.h"
#include "apps/cli/terminal/text_table.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

// An empty table under these headings.
[[nodiscard]] TextTable headed_table(const Invocation& call, const std::vector<Words>& headings);

class Listing {
 public:
  // `none`: told to people instead of headings over nothing; empty: the headings.
  Listing(Invocation& call, const std::vector<Words>& headings, const Words& none = {}) : call_(call), table_(headed_table(call, headings)), none_(none) { json_.array(); }
  [[nodiscard]] Invocation& call() { return call_; }

  // Of each thing both: its JSON value, written here, and its row.
  [[nodiscard]] telemetry::JsonWriter& json() { return json_; }
  void row(std::vector<std::string> cells) { table_.add(std::move(cells)), empty_ = false; }
  void print();  // once

 private:
  Invocation& call_;
  TextTable table_;
  telemetry::JsonWriter json_;
  Words none_;
  bool empty_ = true;
};

class FactSheet {
 public:
  explicit FactSheet(const Invocation& call) : call_(call) {}
  // A fact without a value is left out.
  void add(const Words& name, std::string value);
  void print() const;

 private:
  const Invocation& call_;
  TextTable table_;
};

}  // namespace hikyaku::cli
