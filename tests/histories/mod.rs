//! Random histories: a cluster, some workloads, some acts, and what must hold all the while and
//! once everything has come to rest. A history is its seed, natively and in a browser.

mod act;
mod cast;
mod guard;
mod pods;
mod rest;
mod rollout;

use kube_orrery::clock::{Seed, SimTime, Span, digest_of};
use kube_orrery::cluster::{Setup, World};

use act::Act;
use cast::Cast;
use guard::Guard;

/// The digests of the first seeds' last states, a line a batch of them, by the native run.
pub const HASHES: &str = include_str!("hashes.txt");
/// So many seeds share a line.
pub const BATCH: u64 = 20;

/// The line of a batch, the first of which is 1: its seeds, and the digest of their digests.
pub fn of_batch((batch, digests): (u64, &[u64])) -> String {
    let (first, last) = ((batch - 1) * BATCH + 1, batch * BATCH);
    format!("{first}-{last} {:016x}", digest_of(&digests))
}

/// Draws, one after the other, from one seed.
pub struct Dice {
    seed: Seed,
    rolled: u64,
}

impl Dice {
    fn new(seed: u64) -> Dice {
        let seed = Seed(seed).stream("history");
        Dice { seed, rolled: 0 }
    }

    /// A number in `0..bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.rolled += 1;
        self.seed.below("roll", self.rolled, bound)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap_or(0)]
    }
}

/// How long a history may take to come to rest behind its last act.
const REST_WITHIN: Span = Span::secs(1800);
/// Nothing but events was written for so long: longer than any wait that is left then.
const REST: Span = Span::secs(170);

/// Lives a history to its end and gives the digest of its last state. Errors: what did not hold.
pub fn live(seed: u64) -> Result<u64, String> {
    let told = |world: &World, acts: &[String], why: String| {
        let at = (world.now() - world.start()).as_secs_f64();
        format!("seed {seed}, {at:.3} s: {why}\n  {}", acts.join("\n  "))
    };
    let mut dice = Dice::new(seed);
    let mut world = World::new(setup(seed, &mut dice));
    let cast = Cast::draw(&mut dice);
    let mut guard = Guard::new(&world);
    let mut acts = Vec::new();
    for (name, manifest) in &cast.files {
        world.write_file(name, manifest);
        acts.push(format!("{name}: {}", manifest.replace('\n', "\\n")));
        act::tell(&mut world, &format!("kubectl apply -f {name}"), &mut acts);
    }
    for _ in 0..3 + dice.below(6) {
        let until = world.now() + act::pause(&mut dice);
        watch(&mut world, &mut guard, until).map_err(|why| told(&world, &acts, why))?;
        let line = Act::draw(&cast, &mut dice).line(&world, &mut dice);
        act::tell(&mut world, &line, &mut acts);
    }
    for line in act::healing(&world) {
        act::tell(&mut world, &line, &mut acts);
    }
    let limit = world.now() + REST_WITHIN;
    while guard.last_write() + REST > world.now() {
        let until = world.now() + Span::secs(20);
        watch(&mut world, &mut guard, until).map_err(|why| told(&world, &acts, why))?;
        if world.now() >= limit {
            let why = format!("does not come to rest: {}", guard.last_words());
            return Err(told(&world, &acts, why));
        }
    }
    rest::check(&mut world).map_err(|why| told(&world, &acts, why))?;
    Ok(world.hash())
}

/// Runs to a moment and looks at every write.
fn watch(world: &mut World, guard: &mut Guard, until: SimTime) -> Result<(), String> {
    while let Some(next) = world.next_at().filter(|at| *at <= until) {
        world.run_until(next);
        guard.look(world)?;
    }
    world.run_until(until);
    guard.look(world)
}

/// The chapter's machines, with short patience, and now and then a master that takes pods.
fn setup(seed: u64, dice: &mut Dice) -> Setup {
    let mut setup = Setup::chapter(seed);
    for flag in ["unreachable", "not-ready"] {
        let flag = format!("default-{flag}-toleration-seconds");
        let set = setup.set_flag(&flag, "30s", Some(Span::secs(30)));
        assert!(set.is_ok(), "{set:?}");
    }
    if dice.chance(30) {
        setup.nodes.iter_mut().for_each(|node| node.taints.clear());
    }
    setup
}
