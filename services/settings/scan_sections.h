// The sections about what mail carries: scanning for viruses, quarantine, virus patterns.
#pragma once

#include "services/settings/setting.h"

namespace hikyaku::settings {

using namespace std::chrono_literals;

struct ScanningSection : Section {
  ScanningSection() : Section("scanning", "Scanning for viruses by ClamAV's clamd, after the text of a message and before its 250.",
                              "ClamAV の clamd によるウイルススキャン。本文を受け取った後、250 を返す前に行う。") {}
  Setting<Text> clamd{*this, "clamd", {
      .help = "Where clamd listens: \"/run/clamav/clamd.ctl\", \"127.0.0.1:3310\" or \"[::1]:3310\". Empty: nothing is scanned.",
      .help_ja = "clamd の待ち受け。\"/run/clamav/clamd.ctl\"、\"127.0.0.1:3310\"、\"[::1]:3310\" など。空ならスキャンしない。",
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> on_infected{*this, "on_infected", {
      .help = "An infected message is refused (550 5.7.1, with the virus's name), taken and kept in quarantine (`hikyaku quarantine`), or taken and tagged in its header.",
      .help_ja = "感染メールの扱い。refuse は拒否(550 5.7.1、ウイルス名を示す)、quarantine は受け取って隔離(hikyaku quarantine)、tag はヘッダーに印を付けて受け取る。",
      .preset = "refuse", .choices = {"refuse", "quarantine", "tag"}, .takes_effect = TakesEffect::NewConnections}};
  Setting<Texts> unwanted_names{*this, "unwanted_names", {
      .help = "Beginnings of the names of what is no virus but unwanted: spyware, adware. Compared with the name, and with what follows its first dot (\"Adware\" means Win.Adware.X too).",
      .help_ja = "ウイルスではないが不要なもの(スパイウェア、アドウェア)の名前の先頭部分。名前全体と、最初のドットより後の部分とを比べる(\"Adware\" は Win.Adware.X にも当たる)。",
      .preset = {"PUA", "Adware", "Spyware"}, .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> on_unwanted{*this, "on_unwanted", {
      .help = "What is done with these; pass: as with clean mail.", .help_ja = "上記に当たるメールの扱い。pass なら感染なしと同じに扱う。",
      .preset = "tag", .choices = {"refuse", "quarantine", "tag", "pass"}, .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> when_away{*this, "when_away", {
      .help = "While clamd is away, too slow or in trouble of its own, mail is put off (451 4.3.0), or passed with the mark \"X-Virus-Status: Not scanned\".",
      .help_ja = "clamd が止まっている、遅い、エラーを返すときの扱い。defer は後で送らせる(451 4.3.0)、pass は印(X-Virus-Status: Not scanned)を付けて受け取る。",
      .preset = "defer", .choices = {"defer", "pass"}, .takes_effect = TakesEffect::NewConnections}};
  Setting<ByteCount> size{*this, "size", {
      .help = "Largest message that is scanned; not more than StreamMaxLength of clamd.conf.", .help_ja = "スキャンするメールの最大サイズ。clamd.conf の StreamMaxLength 以下にする。",
      .preset = MiB(25), .min = KiB(64), .max = GiB(1), .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> too_large{*this, "too_large", {
      .help = "A larger one is passed with a mark, put off (451 4.3.4), or refused (552 5.3.4).", .help_ja = "それより大きなメールの扱い。pass は印を付けて受け取る、defer は後で送らせる(451 4.3.4)、refuse は拒否(552 5.3.4)。",
      .preset = "pass", .choices = {"pass", "defer", "refuse"}, .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> timeout{*this, "timeout", {
      .help = "Time for one scan with its waiting and sending; clients wait ten minutes for the answer to their text (RFC 5321 §4.5.3.2.6).",
      .help_ja = "順番待ちと送信を含む 1 通のスキャンの制限時間。送信側が本文への応答を待つのは 10 分。", .preset = 120s, .min = 1s, .max = 9min, .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> connect_timeout{*this, "connect_timeout", {
      .help = "Time for connecting to clamd.", .help_ja = "clamd への接続の制限時間。", .preset = 5s, .min = 1s, .max = 1min, .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> idle_timeout{*this, "idle_timeout", {
      .help = "Time in which clamd may take nothing of what it is sent.", .help_ja = "送った内容を clamd がまったく受け取らない時間の上限。", .preset = 30s, .min = 1s, .max = 5min, .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> parallel{*this, "parallel", {
      .help = "Scans at once; the others wait. MaxThreads of clamd.conf (10 unless set) should be as many.", .help_ja = "同時に行うスキャンの数。超えた分は順番を待つ。clamd.conf の MaxThreads(既定 10)と合わせる。",
      .preset = 10, .min = 1, .max = 1'000, .takes_effect = TakesEffect::NewConnections}};
  Setting<Texts> unscanned_networks{*this, "unscanned_networks", {
      .help = "Networks whose mail is not scanned: an inner server that has done it.", .help_ja = "スキャンしない接続元のネットワーク(すでにスキャン済みの内部サーバなど)。", .takes_effect = TakesEffect::NewConnections}};
  Setting<bool> header{*this, "header", {
      .help = "Write X-Virus-Scanned and X-Virus-Status into what was scanned and found clean too; what is tagged or passed unscanned has them always. Such fields of senders are removed.",
      .help_ja = "感染なしのメールにも X-Virus-Scanned と X-Virus-Status を書く(印付きのものには常に書く)。送信者が書いた同名のヘッダーは取り除く。",
      .preset = true, .takes_effect = TakesEffect::NewConnections}};
};

struct QuarantineSection : Section {
  QuarantineSection() : Section("quarantine", "Mail that was taken and is kept from its recipients until you decide (`hikyaku quarantine`).", "受け取ったうえで宛先に渡さず保管するメール(hikyaku quarantine)。") {}
  Setting<Count> days{*this, "days", {
      .help = "Days a quarantined message is kept; then it is deleted.", .help_ja = "隔離したメールを保管する日数。過ぎれば削除する。", .preset = 30, .min = 1, .max = 3'660}};
  Setting<ByteCount> size{*this, "size", {
      .help = "Size of all together; while it is reached, what is to go there is answered 452.", .help_ja = "隔離領域全体の上限。達している間、隔離すべきメールには 452 を返す。",
      .preset = GiB(2), .min = MiB(1), .max = GiB(1'024)}};
  Setting<Text> digest{*this, "digest", {
      .help = "Address that gets a list of what came into quarantine, once a day when anything did. Empty: nobody.", .help_ja = "隔離したメールの一覧を 1 日 1 回(あった日だけ)送る宛先。空なら送らない。"}};
  Setting<Count> digest_hour{*this, "digest_hour", {
      .help = "Hour of the day at which it is sent, in the machine's time zone.", .help_ja = "一覧を送る時刻(時、このマシンの時間帯)。", .preset = 8, .min = 0, .max = 23}};
};

struct VirusdbSection : Section {
  VirusdbSection() : Section("virusdb", "Virus patterns for clamd (service virusdb): fetched, tested, put in force at the data folder's virusdb/active. Without a source the service has nothing to do.",
                             "clamd 用のウイルスパターン(virusdb サービス)。取得し、検査してから、データフォルダの virusdb/active に置く。入手先がなければ何もしない。") {}
  Setting<Text> source_folder{*this, "source_folder", {
      .help = "Folder they are taken from, for machines without the Internet; it comes before the mirrors. Empty: none.", .help_ja = "パターンを取り込むフォルダ(インターネットに出ないマシン用)。ミラーより優先する。空なら使わない。",
      .takes_effect = TakesEffect::ServiceRestart}};
  Setting<Texts> mirrors{*this, "mirrors", {
      .help = "Mirrors of ClamAV, asked by freshclam: \"database.clamav.net\".", .help_ja = "freshclam が使う ClamAV のミラー。\"database.clamav.net\"。"}};
  Setting<Texts> private_mirrors{*this, "private_mirrors", {
      .help = "Mirrors of your own (PrivateMirror of freshclam.conf); they come before the others.", .help_ja = "自前のミラー(freshclam.conf の PrivateMirror)。他のミラーより優先する。"}};
  Setting<Seconds> interval{*this, "interval", {
      .help = "Time between two looks for new patterns.", .help_ja = "新しいパターンを確かめる間隔。", .preset = 1h, .min = 1s, .max = 168h}};
  Setting<Seconds> stale{*this, "stale", {
      .help = "Patterns older than this are told of in the log, once; 0s: never.", .help_ja = "有効なパターンがこれより古くなればログで知らせる。0s なら知らせない。", .preset = 72h, .min = 0s, .max = 9'600h}};
  Setting<Count> keep{*this, "keep", {
      .help = "Earlier sets that are kept to go back to.", .help_ja = "戻すために残しておく以前のパターンの数。", .preset = 3, .min = 1, .max = 100}};
  Setting<Text> freshclam{*this, "freshclam", {
      .help = "Program of Debian's clamav-freshclam.", .help_ja = "Debian の clamav-freshclam のプログラム。", .preset = "/usr/bin/freshclam", .takes_effect = TakesEffect::ServiceRestart}};
  Setting<Text> clamscan{*this, "clamscan", {
      .help = "Program of Debian's clamav, that new patterns are tested with. It needs as much memory as clamd.", .help_ja = "新しいパターンの検査に使う Debian の clamav のプログラム。clamd と同程度のメモリを使う。",
      .preset = "/usr/bin/clamscan", .takes_effect = TakesEffect::ServiceRestart}};
};

}  // namespace hikyaku::settings
