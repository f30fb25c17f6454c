// `/uplot.js` is uPlot's own module, served from the package.
import uPlot from 'uplot';

export default uPlot;
