# Runs calls of one file inside the sandbox and says what came of each. Leyden writes the request and reads the answers, one JSON object a
# line, written at once: what is there when this process is killed still counts.
#
#     ruby driver.rb REQUEST ANSWERS
#
# request: {file, load_path, mode, limit_s, inputs: [{setup, arguments, call, receiver}], ...}
# modes:   explore  which inputs reach something that none did before
#          confirm  every input twice, with all that it reaches and what it gives
#          mutants  which input tells which mutant from the original
#          examples which examples of the comments give something else than they say
require "coverage"
require "json"
require "set"
require "stringio"
require_relative "ruby_variants"

# Where a call is evaluated: at the top, so that constants are found, with no variable of ours.
def self.leyden_scope = Object.new.instance_eval { binding }

module Leyden
  TEXT_MAX = 1500 # Of an expected value; what is longer makes no readable test.
  ITEMS_MAX = 200 # Of an enumerator that is read to its end.
  DEPTH_MAX = 8
  LATE_MAX = 10 # Where more calls than these hang, the others get less time.
  AGAIN = 8 # How often a call is made anew that does not give the same twice.
  STEADY = 4 # Runs that all notice a mutant where answers vary: it is no accident.
  KEYS = %w[outcome form text error changed state printed].freeze

  # No StandardError: a program's `rescue` must not catch it.
  class OutOfTime < Exception; end

  # Raises OutOfTime in the thread that works, by the processor's time, so that a busy machine changes nothing; what waits ends a good while later.
  class Clock
    def initialize
      @lock = Mutex.new
      @worker = Thread.current
      Thread.new do
        loop do
          sleep 0.01
          @lock.synchronize { @worker.raise(OutOfTime) if @late && (cpu > @late || wall > @very_late) }
        end
      end
    end

    def cpu = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
    def wall = Process.clock_gettime(Process::CLOCK_MONOTONIC)

    def limit(seconds)
      Thread.handle_interrupt(OutOfTime => :never) do
        @lock.synchronize { @late, @very_late = cpu + seconds, wall + seconds * 10 }
        Thread.handle_interrupt(OutOfTime => :immediate) { yield }
      ensure
        @lock.synchronize { @late = nil }
        while Thread.pending_interrupt?(OutOfTime) # Those that came too late to matter: on a busy machine several.
          begin
            Thread.handle_interrupt(OutOfTime => :immediate) { Thread.pass }
          rescue OutOfTime
            nil
          end
        end
      end
    end
  end

  # Values as source text; nil where there is none.
  module Values
    module_function

    def literal(value, depth = 0)
      return nil if depth > DEPTH_MAX

      kind = value.class
      if value.nil? || kind == TrueClass || kind == FalseClass || kind == Rational || kind == Complex
        kind == Rational ? "Rational(#{value.numerator}, #{value.denominator})" : value.inspect
      elsif kind == Symbol then value.inspect
      elsif kind == Integer then value.bit_length < 4000 ? value.to_s : nil
      elsif kind == Float then number(value)
      elsif kind == String then text(value)
      elsif kind == Range then range(value, depth)
      elsif kind == Array then joined(value, "[", "]", depth)
      elsif kind == Set then joined(value, "Set[", "]", depth)
      elsif kind == Hash then hash(value, depth)
      elsif kind == Class || kind == Module then value.name
      end
    end

    def number(value)
      return nil if value.nan?

      value.finite? ? value.inspect : "#{"-" if value.negative?}Float::INFINITY"
    end

    def text(value)
      return value.dump if value.encoding != Encoding::UTF_8 && value.ascii_only?
      return "#{value.dup.force_encoding("BINARY").inspect}.b" if value.encoding == Encoding::BINARY

      value.encoding == Encoding::UTF_8 && value.valid_encoding? ? value.inspect : nil
    end

    def joined(values, open, close, depth)
      texts = values.map { |one| literal(one, depth + 1) }
      texts.include?(nil) ? nil : "#{open}#{texts.join(", ")}#{close}"
    end

    def range(value, depth)
      ends = [value.begin, value.end].map { |one| one.nil? ? "" : literal(one, depth + 1) }
      ends.include?(nil) ? nil : "(#{ends.join(value.exclude_end? ? "..." : "..")})"
    end

    def hash(value, depth)
      parts = value.map do |key, item|
        item = literal(item, depth + 1)
        key = key.is_a?(Symbol) && key.inspect.match?(/\A:[a-z_]\w*[?!]?\z/i) ? "#{key}: " : (text = literal(key, depth + 1)) && "#{text} => "
        key && item && key + item
      end
      return nil if parts.include?(nil)

      parts.empty? ? "{}" : "{ #{parts.join(", ")} }"
    end

    # Names and texts of what can be read of an object: Struct members, attr_reader.
    def fields(thing)
      names = thing.is_a?(Struct) ? thing.members : thing.instance_variables.map { |name| name[1..].to_sym }
      names.sort.each_with_object({}) do |name, out|
        next unless name.match?(/\A[a-z_]\w*\z/) && thing.respond_to?(name) && thing.method(name).arity.zero?
        next unless thing.is_a?(Struct) || RubyVM::InstructionSequence.of(thing.method(name)).nil?

        text = literal(thing.public_send(name))
        out[name.to_s] = text if text && text.length <= TEXT_MAX
      end
    end

    # How a test can say what a value is: [form, text]. The forms: value (== text), nan, items (.to_a), fields:a,b ([it.a, it.b] == text), repr
    # (.to_s == text), type (its class).
    def observed(value)
      text = literal(value)
      return text.length <= TEXT_MAX ? ["value", text] : nil if text
      return ["nan", ""] if value.is_a?(Float)
      return items(value) if value.is_a?(Enumerator)

      told = value.is_a?(Module) || value.is_a?(Proc) ? {} : fields(value)
      return ["fields:#{told.keys.join(",")}", "[#{told.values.join(", ")}]"] unless told.empty?
      return nil if value.class.name.nil?
      return ["type", value.class.name] if value.method(:to_s).owner == Kernel || value.is_a?(Proc) || value.is_a?(Array) || value.is_a?(Hash)

      text = literal(value.to_s)
      text && text.length <= TEXT_MAX ? ["repr", text] : nil
    end

    def items(value)
      all = value.first(ITEMS_MAX + 1)
      text = all.length > ITEMS_MAX ? nil : literal(all)
      text && text.length <= TEXT_MAX ? ["items", text] : nil
    end
  end

  class Runner
    attr_reader :request, :file

    def initialize(request)
      @request = request
      @file = request["file"]
      @limit = request["limit_s"]
      @seed = 0
      @clock = Clock.new
      @raises = File.readlines(@file).each_with_index.filter_map { |line, i| i + 1 if line.match?(/\b(raise|fail)\b/) }.to_set
      $LOAD_PATH.unshift(*request["load_path"])
    end

    def load
      @clock.limit([1.0, @limit].max * 10) { silently { require @file } }
    rescue OutOfTime
      raise LoadError, "loading it takes too long"
    end

    # Threads do not survive a fork.
    def restart_clock = @clock = Clock.new

    # What came of it, as told to Leyden. The clock runs for all of it, also for reading the answer.
    def run(one, limit = @limit)
      begin_at = @clock.cpu
      out = look(one, limit)
      out["ms"] = ((@clock.cpu - begin_at) * 1000).round(2)
      out
    end

    # On another day, with another seed of random numbers: a test sets neither.
    def run_elsewhere(one, number)
      @seed = number
      ENV["LEYDEN_CLOCK"] = (-34_567_890 - 3_200_107 * number).to_s
      run(one)
    ensure
      @seed = 0
      ENV.delete("LEYDEN_CLOCK")
    end

    # Whether a test made of one passes on the other.
    def same?(left, right) = left["varies"] ? meets?(left, right) : KEYS.all? { |key| left[key] == right[key] }

    # Whether another call gives what several had in common.
    def meets?(common, got)
      return false unless got["outcome"] == "value"

      matches = common["form"] == "matches"
      text = got["text"][1..-2] if got["form"] == "value" && got["kind"] == "String"
      return false unless matches ? text&.match?(/\A(?:#{common["text"]})\z/) : %w[form text].all? { |key| common[key] == got[key] }

      %w[changed state].all? { |key| common.fetch(key, {}).all? { |name, value| got.fetch(key, {})[name] == value } } &&
        (!common["printed"] || common["printed"] == got["printed"])
    end

    def silently
      out, err = $stdout, $stderr
      $stdout, $stderr = StringIO.new, StringIO.new
      yield
      $stdout.string
    ensure
      $stdout, $stderr = out, err
    end

    private

    # What a call did, before it is told.
    Look = Struct.new(:scope, :before, :state, :result, :seen, :error, :printed, keyword_init: true)

    def look(one, limit)
      srand(@seed)
      call = Look.new(scope: TOPLEVEL_BINDING.receiver.leyden_scope, before: {}, state: {})
      begin
        @clock.limit(limit) { call.printed = silently { perform(one, call) } }
      rescue OutOfTime
        return { "outcome" => "time" }
      end
      call.error ? told_of_error(call.error) : told_of_value(one, call)
    # leyden:ignore ruby.rescue-exception what the tested program raises is its answer, whatever it is
    rescue Exception # A hostile inspect.
      { "outcome" => "unsayable" }
    end

    def perform(one, call)
      one["arguments"].each { |name, text| call.scope.local_variable_set(name, call.scope.eval(text)) }
      one["setup"].each { |line| call.scope.eval(line) }
      one["arguments"].each { |name, _| call.before[name] = Values.literal(call.scope.local_variable_get(name)) }
      call.state = state_of(one, call)
      call.result = call.scope.eval(one["call"])
      call.seen = Values.observed(call.result)
    rescue OutOfTime
      raise
    # leyden:ignore ruby.rescue-exception what the tested program raises is its answer, whatever it is
    rescue Exception => e # Whatever the program raises is its answer.
      call.error = e
    end

    def state_of(one, call) = one["receiver"].empty? ? {} : Values.fields(call.scope.local_variable_get(one["receiver"]))

    def told_of_value(one, call)
      return { "outcome" => "unsayable" } unless call.seen

      out = { "outcome" => "value", "form" => call.seen[0], "text" => call.seen[1], "kind" => call.result.class.name }
      changed = one["arguments"].filter_map do |name, _|
        text = Values.literal(call.scope.local_variable_get(name))
        [name, text] if text && call.before[name] && text != call.before[name] && text.length <= TEXT_MAX
      end
      out["changed"] = changed.to_h unless changed.empty?
      after = state_of(one, call)
      moved = after.reject { |name, text| call.state[name] == text }
      moved = after if moved.empty? && call.result.nil?
      out["state"] = moved unless moved.empty?
      out["printed"] = Values.literal(call.printed) if !call.printed.empty? && call.printed.length <= TEXT_MAX && Values.literal(call.printed)
      out
    end

    def told_of_error(error)
      return { "outcome" => "broken" } if error.is_a?(NoMemoryError) || error.is_a?(Interrupt)
      return { "outcome" => "unsayable" } if error.class.name.nil?

      place = error.backtrace_locations&.first
      here = place && (place.absolute_path || place.path) == @file
      raised = here && @raises.include?(place.lineno) ? place.lineno : 0
      out = { "outcome" => "error", "error" => error.class.name, "raised" => raised }
      out["message"] = error.message[0, 200] if error.instance_of?(NameError) && here && raised.zero?
      out
    end
  end

  def self.explore(runner, answer)
    Coverage.start(lines: true, branches: true)
    runner.load
    first = reached_of(runner)
    answer.call("goals" => goals_of(first[:result]), "loaded" => first[:arcs])
    seen = runner.request["seen"].to_set | first[:arcs]
    limit = runner.request["limit_s"]
    late = 0
    runner.request["inputs"].each_with_index do |one, i|
      answer.call("begin" => i)
      out = runner.run(one, late > LATE_MAX ? limit / 4 : limit)
      late += 1 if out["outcome"] == "time"
      fresh = reached_of(runner)[:arcs].reject { |arc| seen.include?(arc) }
      told = out.slice("outcome", "ms", "error", "raised", "message").merge("input" => i)
      if !fresh.empty? && (out["outcome"] == "value" || out.fetch("raised", 0).positive?)
        seen.merge(fresh)
        told["fresh"] = fresh
      end
      answer.call(told)
    end
  end

  def self.confirm(runner, answer)
    Coverage.start(lines: true, branches: true)
    runner.load
    runner.request["inputs"].each_with_index do |one, i|
      answer.call("begin" => i)
      reached_of(runner)
      first = runner.run(one)
      arcs = reached_of(runner)[:arcs]
      others = [first["outcome"] == "time" ? first : runner.run_elsewhere(one, 1)]
      stable = runner.same?(first, others[0])
      others += (2..AGAIN).map { |number| runner.run_elsewhere(one, number) } unless stable || first["outcome"] != "value"
      out = first.merge("input" => i, "reached" => arcs, "ms" => others[0]["ms"], "stable" => stable)
      out["others"] = others unless stable
      answer.call(out)
    end
  end

  def self.reached_of(runner)
    result = Coverage.result(stop: false, clear: true)[runner.file] || { lines: [], branches: {} }
    { result: result, arcs: Variants.arcs_of(result) }
  end

  # A branch is told as (line, -number).
  def self.goals_of(result)
    { "lines" => result[:lines].each_index.reject { |i| result[:lines][i].nil? }.map { |i| i + 1 }, "branches" => Variants.branches_of(result).map { |arc, _| arc } }
  end

  # Every mutant in a process of its own that has not loaded the original.
  def self.mutants(runner, answer)
    Variants.require_libraries(runner.file)
    runner.request["mutants"].each_with_index do |mutant, number|
      next if mutant["skip"]

      answer.call("mutant" => number, "begin" => true)
      answer.call({ "mutant" => number }.merge(Variants.in_child(30) { |say| judge(runner, mutant, say) } || { "killers" => mutant["inputs"].first(1) }))
    end
  end

  def self.judge(runner, mutant, say)
    runner.restart_clock
    begin
      code = Variants.compiled(runner.file, mutant)
    rescue SyntaxError
      return say.call("invalid" => true)
    end
    begin
      runner.silently { Timeout.timeout(2) { Variants.load(runner.file, code) } }
    # leyden:ignore ruby.rescue-exception what the tested program raises is its answer, whatever it is
    rescue Exception
      return say.call("killers" => mutant["inputs"].first(1))
    end
    killer = mutant["inputs"].find do |i|
      one = runner.request["inputs"][i]
      # A mutant that takes far longer than the original is noticed: it may never end.
      limit = [runner.request["limit_s"], 0.03 + one["ms"] / 1000 * 20].min
      (1..(one["expected"]["varies"] ? STEADY : 1)).none? { runner.same?(one["expected"], runner.run(one, limit)) }
    end
    say.call("killers" => [killer].compact)
  end

  def self.examples(runner, answer)
    runner.load
    runner.request["examples"].each do |example|
      want = runner.run({ "arguments" => [], "setup" => [], "receiver" => "", "call" => example["expected"] })
      got = runner.run({ "arguments" => [], "setup" => [], "receiver" => "", "call" => example["call"] })
      next unless want["form"] == "value" && %w[value error].include?(got["outcome"])
      next if got["outcome"] == "error" && got["raised"].zero? # Not meant for a machine.
      next if got["form"] == "value" && got["text"] == want["text"]

      answer.call("example" => example["call"], "line" => example["line"], "function" => example["function"], "want" => example["expected"],
                  "got" => got["outcome"] == "error" ? got["error"] : got["text"])
    end
  end
end

ENV.delete("LD_PRELOAD") # It is there, and nothing for the tested code to see.
request = JSON.parse(File.read(ARGV[0]))
answers = File.open(ARGV[1], File::WRONLY | File::CREAT | File::TRUNC | File::APPEND)
answers.sync = true
answer = ->(line) { answers.write("#{JSON.generate(line)}\n") }
begin
  Leyden.public_send(request["mode"], Leyden::Runner.new(request), answer)
# leyden:ignore ruby.rescue-exception what the tested program raises is its answer, whatever it is
rescue Exception => e
  answer.call("failed" => "#{e.class}: #{e.message}"[0, 500])
  exit!(1)
end
answer.call("done" => true)
exit!(0) # Threads that the program left don't keep it.
